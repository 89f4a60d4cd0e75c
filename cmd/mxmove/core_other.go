//go:build !linux

package main

// noCore has nothing to do: core files are off unless somebody asks for them.
func noCore() {}
