package wire

import "nacre/internal/account"

// Account is the account of the key (contract 5).
type Account struct {
	Name          string           `json:"name"`
	TotalAgents   int              `json:"totalAgents" doc:"calls it may hold at once"`
	CreditBalance float64          `json:"creditBalance"`
	Status        account.Standing `json:"status"`
}

// NewAccount renders an account. Where credits bind, one without any is shown at status 3.
func NewAccount(a account.Account, creditsBind bool) Account {
	standing := a.Standing
	if creditsBind && a.Credit <= 0 && standing.MayCall() {
		standing = account.NoCredits
	}
	return Account{Name: a.Name, TotalAgents: a.TotalAgents, CreditBalance: float64(a.Credit) / 100, Status: standing}
}
