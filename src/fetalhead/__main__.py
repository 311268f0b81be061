import sys

from fetalhead.cli import main

sys.exit(main())
