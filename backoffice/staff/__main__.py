"""`python -m backoffice.staff create-user …`."""

from backoffice.staff.cli import main

raise SystemExit(main())
