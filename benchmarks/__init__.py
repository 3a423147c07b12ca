"""Every figure that the project promises, each one runnable; a figure that falls short says so."""
