//go:build race

package daemon_test

// fishSteps is what each of six servers does; fewer where everything is slower.
const fishSteps = 240
