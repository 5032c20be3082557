//go:build !linux

package pgtest

// memoryDir returns "": the servers of tests use the directory for temporary files.
func memoryDir() string { return "" }
