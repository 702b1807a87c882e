// Preferences of this browser; a browser that forbids storage simply keeps none.

export function readPreference(name) {
  try {
    return localStorage.getItem(`aeterna-${name}`);
  } catch {
    return null;
  }
}

export function writePreference(name, value) {
  try {
    if (value === null) localStorage.removeItem(`aeterna-${name}`);
    else localStorage.setItem(`aeterna-${name}`, value);
  } catch {
    // Kept for this page only.
  }
}
