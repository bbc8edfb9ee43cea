using Xunit;

namespace Parcae.GpuWorker.Tests;

/// <summary>Tests that measure the whole process or change Torch's settings for it: they run when no other test does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
