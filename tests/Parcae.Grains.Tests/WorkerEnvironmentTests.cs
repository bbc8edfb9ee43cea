using Parcae.Client.Tests;

namespace Parcae.Grains.Tests;

/// <summary>What is written elsewhere for those who start workers themselves is what <c>parcae demo</c> sets.</summary>
public sealed class WorkerEnvironmentTests
{
    [Theory]
    [InlineData("infra/Dockerfile")]
    [InlineData("docs/training.md")]
    public void Every_variable_is_there_with_its_value(string file)
    {
        string text = Golden.Read(file);
        foreach (var (name, value) in WorkerEnvironment.Variables) Assert.Contains($"{name}={value}", text, StringComparison.Ordinal);
    }
}
