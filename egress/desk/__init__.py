"""The admin's desk: people, data sources and permits in the browser. Its acts are those of the command line."""
