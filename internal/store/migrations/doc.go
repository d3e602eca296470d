// Package migrations owns the schema: one numbered SQL file per step and engine, and how they are applied. It must not
// know what the tables mean to the product. A step only adds, so that a node of the version before goes on beside it
// (docs/adr/0047). Begin with sqlite/00001_begin.sql.
package migrations
