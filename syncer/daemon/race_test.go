//go:build race

package daemon_test

// fishSteps is what each of six servers does; fewer where everything is slower.
const fishSteps = 240

// paymentsEach is how many each client of TestBalancesAreSpentOnce makes, not counting
// those that are sent again; fewer where everything is slower.
const paymentsEach = 47
