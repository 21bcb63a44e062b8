"""`python -m backoffice.audit verify`."""

from backoffice.audit.cli import main

raise SystemExit(main())
