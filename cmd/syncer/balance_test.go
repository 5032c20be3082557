package main

import (
	"strings"
	"testing"

	"playersync/syncer"
)

func TestBalances(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	execute(t, url, `insert into player (uuid, name) values ('Steve', 'Steven'), ('Alice', 'Alicia')`)
	for _, step := range []struct {
		args string
		want string
	}{
		{"currency list", "there are no currencies"},
		{"currency add coins", "coins is added"},
		{"currency add coins", "coins was there already"},
		{"currency list", "coins"},
		{"balance get Steve", "no balances"},
		{"balance ledger Steve", "no entries"},
		{"balance add Steve coins 250 --key race --reason won", "Steve has 250 coins (+250)"},
		{"balance add Steve coins 250 --key race", "nothing changed: the key was used before"},
		{"balance add Steve coins -- -50", "Steve has 200 coins (-50)"},
		{"balance transfer Steve Alice coins 30", "Alice has 30 coins (+30)"},
		{"balance get Steve", "coins     170"},
		{"balance ledger Steve --limit 1 --json", `"peer": "Alice"`},
		{"balance transfer steven alicia coins 20 --by Bob --reason debts", "Alice has 50 coins (+20)"},
		{"balance ledger Steven --limit 1", "-20     150      Bob  to Alice: debts"},
		{"balance ledger Alice --limit 1", "+20     50       Bob  from Steve: debts"},
		{"balance add Steven coins 20 --by Bob", "Steve has 170 coins (+20)"},
		{"balance ledger Steve --currency coins", "won"},
		{"balance get Steven", "coins     170"},
		{"balance check", "every balance is the sum of its ledger"},
	} {
		if text := succeed(t, environ, strings.Fields(step.args)...); !strings.Contains(text, step.want) {
			t.Errorf("%s: %s, want %s", step.args, text, step.want)
		}
	}
	if entries := decode[[]syncer.LedgerEntry](t, environ, "balance", "ledger", "Steve"); len(entries) != 5 || entries[4].Key != "race" {
		t.Errorf("entries %+v", entries)
	}
	if balances := decode[[]balanceJSON](t, environ, "balance", "get", "Alice"); len(balances) != 1 || balances[0].Balance != 50 {
		t.Errorf("balances %+v", balances)
	}
}

func TestRefusedBalances(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	execute(t, url, `insert into player (uuid) values ('Steve'); insert into currency values ('coins')`)
	for args, want := range map[string]string{
		"balance add Steve coins -- -1":         "insufficient funds: the balance is 0 coins",
		"balance get nobody":                    `no player has the id or name "nobody"`,
		"balance transfer Steve nobody coins 1": `no player has the id or name "nobody"`,
		"balance add nobody coins 1":            `no player has the id or name "nobody"`,
	} {
		if r := runSyncer(t, environ, strings.Fields(args)...); r.code != exitFailed || !strings.Contains(r.errs, want) {
			t.Errorf("%s: %+v, want %s", args, r, want)
		}
	}
	for _, args := range []string{
		"balance add Steve coins 0", "balance add Steve coins 1.5", "balance add Steve shells 1", "balance add Steve coins", "balance get",
		"balance transfer Steve Alice coins x",
		"balance add Steve coins 1 --key=", "balance transfer Steve Alice coins 0", "balance ledger Steve --limit 0", "currency add", "balance check Steve",
	} {
		if r := runSyncer(t, environ, strings.Fields(args)...); r.code != exitUsage {
			t.Errorf("%s: %+v", args, r)
		}
	}
}

// TestChecksReconcileBalances leaves no trace of what was done but the amount.
func TestChecksReconcileBalances(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	execute(t, url, `
		insert into player (uuid) values ('Steve');
		insert into currency values ('coins');
		select change_balance('Steve', 'coins', 5);
		alter table balance disable trigger balance_written;
		update balance set amount = 6;
		alter table balance enable always trigger balance_written`)
	if r := runSyncer(t, environ, "balance", "check"); r.code != exitFailed || !strings.Contains(r.out, "Steve   coins     6        5") {
		t.Errorf("balance check: %+v", r)
	}
	findings, code := checked(t, environ)
	f := findings["balances"]
	if want := "1 are not the sum of their ledger, first that of Steve in coins"; code != exitFailed || f.Verdict != verdictFail || f.Detail != want {
		t.Errorf("exit code %d, %+v", code, f)
	}
	if f := findings["triggers"]; f.Verdict != verdictOK {
		t.Errorf("the triggers are enabled again: %+v", f)
	}
}
