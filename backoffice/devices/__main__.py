"""`python -m backoffice.devices register|revoke|list`."""

from backoffice.devices.cli import main

raise SystemExit(main())
