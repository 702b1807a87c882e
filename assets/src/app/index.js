// The portal's page script: htmx, Alpine (CSP build), live updates, palette, keyboard, dialogs.
import htmx from "htmx.org";
import Alpine from "@alpinejs/csp";
import { menu, tabs, themeChoice } from "./components.js";
import { startCopy } from "./copy.js";
import { startDialogs } from "./dialogs.js";
import { startErrors } from "./errors.js";
import { startFilters } from "./filters.js";
import { startFlash } from "./flash.js";
import { startKeyboard } from "./keyboard.js";
import { startLive } from "./live.js";
import { palette } from "./palette.js";
import { startPending } from "./pending.js";
import { startTimes } from "./times.js";
import { startToasts } from "./toasts.js";
import { startTrees } from "./tree.js";
import { startTriage } from "./triage.js";

window.htmx = htmx;
// A live update leaves a dialog that somebody is in as it is: open, with what was written.
htmx.config.morphSkip += ", dialog[open]";
Alpine.data("menu", menu);
Alpine.data("palette", palette);
Alpine.data("tabs", tabs);
Alpine.data("themeChoice", themeChoice);
Alpine.start();

startCopy();
startDialogs();
startErrors();
startFilters();
startFlash();
startKeyboard();
startLive();
startPending();
startTimes();
startToasts();
startTrees();
startTriage();
