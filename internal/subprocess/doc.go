// Package subprocess gives one kind of work to a process of its own, so that its memory and its processor time are not
// the server's.
//
// It owns that process: it starts with the first job, starts anew when it died, and ends when there was nothing to do for
// a while or when the server ends, however that happens. It must not know what the jobs are. Begin with Process.Do, and
// with Crew for several of them; Serve is the other side.
package subprocess
