"""The sealed log: every act is an event, and state is only ever a fold over it."""
