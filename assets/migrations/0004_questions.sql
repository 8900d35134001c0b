-- Lists of one type, or of one state, are read from their end, however many others there are.
CREATE INDEX outputs_by_type ON outputs (output_type, created_at);
CREATE INDEX sessions_by_status ON sessions (status, created_at);
