package planner

// rules switches planning rules off, so that tests can show what each is for.
// Its zero value is the truth; nothing but tests sets a field.
type rules struct {
	presenceByCount    bool // passes stand only while something is behind
	presenceByTTL      bool // a TTL step stands only while the TTL is high
	noOldValue         bool // a replacement's ID lacks the value that it replaces
	resultInID         bool // an edit's ID holds the result
	creatorInID        bool // a one-shot's ID holds its creator
	spfNeedsAll        bool // the last edit needs everybody's tail
	needsUnlisted      bool // acts of Cutover need people without a row
	costlyIsStale      bool // what is beyond must be Reversible and before Freeze
	costlyIsForeign    bool // whatever Costly was done without us is drift
	noOutcomeIsForeign bool // done without an outcome is drift, also with our intent
	againByName        bool // again names a step only
	preimageLate       bool // the pre-image is journaled with the outcome
	latestPreimage     bool // the latest pre-image wins
	wholePreimage      bool // a pre-image is the whole RRset
	tiedToPending      bool // Temporaries outlive the window
	lastUntilLevel     bool // the last pass ends at 0 behind
	tailUntilLevel     bool // the tail ends at 0 behind
	standingOnly       bool // pre-images only of standing steps
	looseGate          bool // approvals bind IDs of Costly and Final steps only
	recoveredIsFresh   bool // a rebuilt state directory is like a new one
}
