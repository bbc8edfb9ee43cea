using Xunit;

namespace Parcae.Silo.Tests.Durability;

/// <summary>Tests with services of real processes: one at a time, and nothing beside them.</summary>
[CollectionDefinition(Deployment.OneAtATime, DisableParallelization = true)]
public sealed class DeploymentCollection;

/// <summary>Tests that take a minute each and are left out of the default run.</summary>
internal static class LongTests
{
    private const string Setting = "PARCAE_TEST_LONG";

    /// <summary>Skips the test that calls it, unless the long ones are wanted.</summary>
    public static void Only() => Assert.SkipUnless(Environment.GetEnvironmentVariable(Setting) == "1", $"takes about a minute: set {Setting}=1, or run tests/durability");
}
