// Package flood lets thousands come at once: sign-ins that all want the hash, and connections that only linger. The
// server is the shipped program, as a process of its own whose memory and files are counted from outside.
//
// It owns the crowd and what is promised of the server meanwhile; it does not measure how fast anything is. Everything
// stays on this machine: each address of 127.0.0.0/8 is a network of its own. Begin with TestD7_11.
package flood
