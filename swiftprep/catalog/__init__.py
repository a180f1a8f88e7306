"""The catalogue of a framework's components and their API, and checks of code against it."""
