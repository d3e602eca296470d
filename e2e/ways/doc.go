// Package ways lets random histories run over the real use cases of door and desk, and asks after each step that nobody is
// locked out without a way, and that nobody gets in without what is asked of him.
//
// It owns the people (person_test.go), who know and hold what real ones would and judge what they meet by the words of the
// contract, the house that they live in (world_test.go), what happens to them (acts_test.go), and the way in
// (way_test.go): a technician does what the page that he meets says, and an administrator does what the technician's page
// offers. It never looks at how the code under test decides. Begin with TestWays.
package ways
