// Package interleave sends the statements of Save, of the end of a sign-in, of a set-up and of the end of a session to a
// real PostgreSQL in every order in which they could arrive, and looks after each order at what is stored and at what each
// act was told.
//
// It owns the stage on which acts are stopped before each statement (stage_test.go), what a statement touches
// (footprint_test.go), the search for orders that differ (explore_test.go, races_test.go), the search for points where orders
// meet (atlas_test.go, point_test.go), the acts (acts_test.go, world_test.go, rows_test.go) and the judgement
// (check_test.go). broken_test.go has acts with mistakes that must be found; search_test.go and locks_test.go have small
// programs whose orders are all run, to check what the searches leave out. Each act runs on a node of its own: the real use
// cases over the real store. Begin with TestPairs, and with docs/adr/0044 for what "every order" means.
package interleave
