//go:build !linux

package app

// useHugePages does nothing: only Linux is asked.
func useHugePages(int) {}

// giveWay does nothing: only Linux is asked.
func giveWay() {}
