// With a file of this kind the compiler lets functions of a package have no body: those that arena.go links.
