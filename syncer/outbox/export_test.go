package outbox

// For the fuzz targets: records as they are on disk.
var (
	AppendBan   = appendBan
	DecodeBan   = decodeBan
	DecodeBatch = decodeBatch
	Seal        = seal
)
