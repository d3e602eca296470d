// Package postgres is a private PostgreSQL for the tests of one process: real, on this machine alone, gone afterwards.
//
// It owns the server's folder and process, a database of its own for each test, and its clock where a test sets the
// time. It knows the schema's steps, nothing of what the tables mean. Begin with Database.
package postgres
