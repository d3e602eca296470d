// Package puzzle owns the proof of work that stands in the place of a picture puzzle: what a browser computes, and how
// it is checked. It does not know what a proof is good for, who asks for one, or whether one was used; internal/session
// does.
//
// Begin at Solved. The browser's side is internal/view/assets/proof.js.
package puzzle
