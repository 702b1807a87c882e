"""The browser shell: layout, navigation, home, live rows and error pages."""
