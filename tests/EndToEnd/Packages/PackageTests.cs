using System.Text.Json;
using Xunit;

namespace Parcae.EndToEnd.Packages;

/// <summary>The packages as who installs them gets them.</summary>
[Collection("one at a time")]
public sealed class PackageTests : IClassFixture<PackedSolution>
{
    private readonly PackedSolution _packed;

    public PackageTests(PackedSolution packed)
    {
        LongTests.Only(".ci/run");
        _packed = packed;
    }

    private static readonly string[] Libraries = ["Parcae.Client", "Parcae.Grains.Interfaces", "Parcae.Liveput"];

    private static readonly string[] Packages = [.. Libraries, "parcae"];

    public static TheoryData<string> Ids => [.. Packages];

    [Fact]
    public void These_are_packed_and_no_others() =>
        Assert.Equal([.. Packages.SelectMany(p => (string[])[$"{p}.nupkg", $"{p}.snupkg"]).Order(StringComparer.Ordinal)], _packed.Files);

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_package_says_what_it_is_and_under_which_licence(string id)
    {
        using var package = _packed.Open(id);
        var metadata = PackedSolution.Metadata(package);
        string Of(string name) => metadata.Element(name)?.Value ?? "";
        Assert.Equal((id, _packed.Version, "The Parcae.Orleans authors", "MIT", "README.md"), (Of("id"), Of("version"), Of("authors"), Of("license"), Of("readme")));
        Assert.True(Of("description").Length > 60 && Of("tags").Contains("parcae", StringComparison.Ordinal), $"{Of("description")} [{Of("tags")}]");
        using var readme = new StreamReader(package.GetEntry("README.md")!.Open());
        Assert.StartsWith($"# {id}\n", readme.ReadToEnd(), StringComparison.Ordinal);
        // An address only where it is one: that of the clone's remote.
        Assert.True(metadata.Element("repository") is not { } repository || Uri.IsWellFormedUriString((string?)repository.Attribute("url") ?? "https://none", UriKind.Absolute));
    }

    [Fact]
    public void Libraries_bring_their_documentation_and_symbols_and_need_what_they_need()
    {
        foreach (string id in Libraries)
        {
            using var package = _packed.Open(id);
            string[] files = [.. package.Entries.Select(e => e.FullName).Where(f => f.StartsWith("lib/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
            Assert.Equal([$"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml"], files);
            using var symbols = _packed.Open(id, "snupkg");
            Assert.NotNull(symbols.GetEntry($"lib/net10.0/{id}.pdb"));
        }

        Assert.Equal([$"Parcae.Grains.Interfaces {_packed.Version}"], Ours("Parcae.Client"));
        Assert.Empty(Ours("Parcae.Grains.Interfaces"));
        Assert.Empty(Ours("Parcae.Liveput"));
        // The planner stands by itself.
        Assert.Equal(["MathNet.Numerics"], Dependencies("Parcae.Liveput").Select(d => d.Id));
    }

    [Fact]
    public async Task A_fresh_project_builds_a_job_plans_and_is_told_that_there_is_no_service()
    {
        using var folder = new FreshFolder(_packed.Feed);
        folder.Write("fresh.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Parcae.Client" Version="{_packed.Version}" />
                <PackageReference Include="Parcae.Liveput" Version="{_packed.Version}" />
              </ItemGroup>
            </Project>
            """);
        folder.Write("Program.cs", """
            using Parcae.Client;
            using Parcae.Grains;
            using Parcae.Liveput;
            using Parcae.Liveput.Costs;
            using Parcae.Liveput.Forecasting;
            using Parcae.Liveput.Planning;
            using Parcae.Liveput.Profiles;
            using AvailabilityInterval = Parcae.Liveput.Forecasting.AvailabilityInterval;

            JobSpec spec = new JobSpecBuilder("fresh").Preset("gpt2").Data("/data/books").Training(t => t with { Steps = 100, GlobalBatch = 64 }).Build();
            Console.WriteLine(JobSpecDocument.Parse(JobSpecDocument.Write(spec, JobSpecFormat.Yaml)).Training.GlobalBatch);

            PlanningProfile profile = BuiltInProfiles.Get("gpt-1.5b");
            AvailabilityInterval[] past = [.. Enumerable.Repeat(new AvailabilityInterval(16, 0, 0), 12)];
            PlanDecision decision = new LiveputOptimizer(profile, new ProfiledCostModel(profile)).Plan(new PlanRequest
            {
                Current = Strategy.None, Available = 16, IntactPipelines = 0, Forecast = Forecasters.Create("persistence").Forecast(past, 12), IntervalSeconds = 60,
            });
            Console.WriteLine(decision.Strategy.Instances is > 0 and <= 16 && decision.Liveput > 0);

            try
            {
                await ParcaeClient.ConnectAsync(new ParcaeClientOptions { Redis = "127.0.0.1:1", ConnectTimeout = TimeSpan.FromSeconds(1) });
            }
            catch (ParcaeUnavailableException)
            {
                Console.WriteLine("no service");
            }
            """);
        string said = await folder.RunAsync("dotnet", "build", "-c", "Release", "-o", "out");
        Assert.Contains("0 Warning(s)", said, StringComparison.Ordinal);
        Assert.Equal(["64", "True", "no service"], (await folder.RunAsync("dotnet", Path.Combine("out", "fresh.dll"))).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task The_tool_is_installed_into_a_fresh_folder_and_simulates()
    {
        using var folder = new FreshFolder(_packed.Feed);
        await folder.RunAsync("dotnet", "tool", "install", "parcae", "--tool-path", "tools", "--version", _packed.Version);
        string parcae = folder.At("tools", "parcae");
        Assert.Matches(@"^\d+\.\d+\.\d+", await folder.RunAsync(parcae, "--version"));

        var result = JsonDocument.Parse(await folder.RunAsync(parcae, "simulate", "--profile", "gpt-1.5b", "--trace", "HADP", "--policy", "ideal,liveput", "--forecast", "persistence", "--plot", "simulate.png", "--json")).RootElement;
        var shares = result.GetProperty("policies").EnumerateArray().ToDictionary(p => p.GetProperty("policy").GetString()!, p => p.GetProperty("fractionOfIdeal").GetDouble());
        Assert.Equal(1, shares["ideal"]);
        Assert.InRange(shares["liveput"], 0.85, 1);
        // Pictures need the native library that the package brings.
        Assert.Equal("PNG"u8.ToArray(), File.ReadAllBytes(folder.At("simulate.png"))[1..4]);
    }

    private string[] Ours(string id) => [.. Dependencies(id).Where(d => d.Id.StartsWith("Parcae", StringComparison.OrdinalIgnoreCase)).Select(d => $"{d.Id} {d.Version}")];

    private (string Id, string Version)[] Dependencies(string id)
    {
        using var package = _packed.Open(id);
        return [.. PackedSolution.Metadata(package).Descendants("dependency").Select(d => ((string)d.Attribute("id")!, (string)d.Attribute("version")!))];
    }
}
