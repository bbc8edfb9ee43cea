namespace Parcae.Liveput.Simulation.Policies.Checkpointing;

/// <summary>What a loss does to a plan.</summary>
internal enum Harm
{
    /// <summary>Only instances that the plan does not use are gone.</summary>
    None,

    /// <summary>Instances in use are gone, but others hold what they held.</summary>
    Covered,

    /// <summary>Something that nobody else holds is gone: back to the last checkpoint.</summary>
    Fatal,
}
