"""One short main a program: parse, check, call one function."""
