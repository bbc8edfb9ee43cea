using System.Reflection;
using System.Xml.Linq;

using Parcae.Grains;

namespace Parcae.Client.Tests.Sdk;

/// <summary>What programs are written against does not change by accident.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void The_public_surface_of_the_client_is_as_it_is_kept() => Golden.Same("tests/Parcae.Client.Tests/Sdk/Parcae.Client.api.txt", PublicApi.Of(typeof(ParcaeClient).Assembly));

    /// <summary>Messages that the client's calls take and give: those of grains and workers among themselves may change.</summary>
    [Fact]
    public void The_public_surface_of_jobs_and_fleets_is_as_it_is_kept() => Golden.Same(
        "tests/Parcae.Client.Tests/Sdk/Parcae.Grains.Interfaces.api.txt",
        PublicApi.Of(typeof(JobSpec).Assembly, Reached(typeof(IParcaeClient).Assembly.GetExportedTypes(), typeof(JobSpec).Assembly).Append(typeof(JobSpecDocument)).Append(typeof(ModelPresets)).ToHashSet().Contains));

    [Fact]
    public void Every_call_of_the_client_has_an_example()
    {
        var document = XDocument.Load(Path.ChangeExtension(typeof(ParcaeClient).Assembly.Location, ".xml"));
        string[] without = [.. document.Descendants("member")
            .Where(m => m.Attribute("name")!.Value is var name && (name.StartsWith("M:Parcae.Client.IParcaeClient.", StringComparison.Ordinal)
                || name.StartsWith("M:Parcae.Client.ParcaeClientExtensions.", StringComparison.Ordinal) || name.StartsWith("M:Parcae.Client.CheckpointDownloads.Download", StringComparison.Ordinal)
                || name.StartsWith("M:Parcae.Client.ParcaeClientHostingExtensions.Add", StringComparison.Ordinal) || name.StartsWith("M:Parcae.Client.ParcaeClient.ConnectAsync(", StringComparison.Ordinal) || name is "T:Parcae.Client.JobSpecBuilder"))
            .Where(m => m.Element("example") is null).Select(m => m.Attribute("name")!.Value)];
        Assert.Empty(without);
    }

    [Fact]
    public void Every_call_of_the_client_can_be_cancelled() => Assert.All(
        typeof(IParcaeClient).GetMethods().Concat(typeof(ParcaeClientExtensions).GetMethods(BindingFlags.Public | BindingFlags.Static)).Concat(typeof(CheckpointDownloads).GetMethods(BindingFlags.Public | BindingFlags.Static)),
        m => Assert.Equal(typeof(CancellationToken), m.GetParameters()[^1].ParameterType));

    /// <summary>Types of an assembly that others speak of, and those that these speak of.</summary>
    private static HashSet<Type> Reached(IEnumerable<Type> from, Assembly of)
    {
        var reached = new HashSet<Type>();
        var open = new Queue<Type>(from);
        while (open.TryDequeue(out var type))
        {
            var spoken = type.GetProperties().Select(p => p.PropertyType).Concat(type.GetMethods().Where(m => m.DeclaringType != typeof(object)).SelectMany(m => m.GetParameters().Select(p => p.ParameterType).Append(m.ReturnType)));
            foreach (var t in spoken.SelectMany(Parts).Where(t => t.Assembly == of && t.IsPublic && reached.Add(t))) open.Enqueue(t);
        }

        return reached;
    }

    private static IEnumerable<Type> Parts(Type type) => type.HasElementType ? Parts(type.GetElementType()!) : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts) : [type];
}
