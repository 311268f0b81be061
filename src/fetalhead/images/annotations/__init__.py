"""What people draw of a head: outline, mask, polygon, run lengths, ellipse; and the files that hold many."""
