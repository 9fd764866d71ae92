"""Where bytes stand on their way out: intake, quarantine, exports."""
