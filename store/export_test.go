package store

// Steps sets how much one step of retention and of removing ended rooms takes:
// records, and keys looked at.
func (o *Options) Steps(records, keys int) { o.trimMax, o.sweepMax = records, keys }

// FoldPage sets how many records are folded under one transaction.
func (o *Options) FoldPage(records int) { o.foldPage = records }
