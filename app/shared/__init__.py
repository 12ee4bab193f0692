"""What several pages use: sidebar, caches, theme, widgets, the address."""
