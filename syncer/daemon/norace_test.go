//go:build !race

package daemon_test

// fishSteps is what each of six servers does.
const fishSteps = 1700

// paymentsEach is how many each client of TestBalancesAreSpentOnce makes, not counting
// those that are sent again.
const paymentsEach = 157
