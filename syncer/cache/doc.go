// Package cache keeps exact copies of rows in memory.
package cache
