"""Each study is one claim, one table and one figure; `python -m studies list` names them."""
