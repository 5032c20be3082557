//go:build !race

package daemon_test

// fishSteps is what each of six servers does.
const fishSteps = 1700
