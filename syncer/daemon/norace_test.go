//go:build !race

package daemon_test

// fishSteps is what each of six servers does.
const fishSteps = 1700

// payments is how many the clients of TestBalancesAreSpentOnce make together.
const payments = 1920
