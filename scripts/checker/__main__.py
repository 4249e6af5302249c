"""`python -m scripts.checker`: the command line of the checker."""

import sys

from scripts.checker.door import main

sys.exit(main())
