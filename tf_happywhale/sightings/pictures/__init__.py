"""Pictures of sightings as SVG: they are drawn with the page's colours, and escape all names."""
