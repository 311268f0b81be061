"""A run of `fetalhead measure`: from inputs to rows and pictures, going on where an earlier run was stopped."""
