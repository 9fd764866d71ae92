"""Short-lived children that meet what others wrote: what they give up first, and how they are asked."""
