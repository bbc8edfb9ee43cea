using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Parcae.Client.Tests.Documentation;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using Xunit;

namespace Parcae.Silo.Tests.Documentation;

/// <summary>C# in Markdown files: every block is C#, and those marked <c>csharp compile</c> compile as they stand, with no more than a new project has.</summary>
public sealed class CSharpBlockTests : IDisposable
{
    /// <summary>What a project of the plain SDK uses by itself.</summary>
    private const string Implicit = """
        global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
        global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;
        """;

    private static readonly CSharpParseOptions Language = new(LanguageVersion.Preview);

    private static readonly Lazy<MetadataReference[]> References = new(() =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Where(f => f.EndsWith(".dll", StringComparison.Ordinal)).Select(f => MetadataReference.CreateFromFile(f))]);

    private readonly string _folder = Directory.CreateTempSubdirectory("parcae-blocks-").FullName;

    public static TheoryData<string, int> All => [.. Blocks.Select(b => (b.File, b.Line))];

    public static TheoryData<string, int> Complete => [.. Blocks.Where(IsComplete).Select(b => (b.File, b.Line))];

    private static IEnumerable<FencedBlock> Blocks => MarkdownFiles.Blocks.Where(b => b.Language is "csharp" or "cs");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(All))]
    public void A_block_is_csharp(string file, int line)
    {
        var block = At(file, line);
        var errors = CSharpSyntaxTree.ParseText(block.Text, Language, cancellationToken: TestContext.Current.CancellationToken).GetDiagnostics(TestContext.Current.CancellationToken);
        Assert.True(!errors.Any(), $"{block}: {string.Join(Environment.NewLine, errors)}");
    }

    [Theory]
    [MemberData(nameof(Complete))]
    public void A_block_that_is_marked_so_compiles(string file, int line)
    {
        var block = At(file, line);
        string[] errors = Errors(Compile(block));
        Assert.True(errors.Length == 0, $"{block}:{Environment.NewLine}{string.Join(Environment.NewLine, errors)}");
    }

    /// <summary>As a reader would do it: built into a library, named by a job, trained along a cut and without one.</summary>
    [Fact]
    public void The_model_of_the_page_on_own_models_trains_and_a_cut_changes_nothing()
    {
        var block = Assert.Single(Blocks, b => b.File == "docs/own-model.md" && IsComplete(b));
        string library = Path.Combine(_folder, "Perceptron.dll");
        var emitted = Compile(block).Emit(library, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(emitted.Success, string.Join(Environment.NewLine, emitted.Diagnostics));
        var job = new JobSpec
        {
            Model = new ModelSpec { Family = "plugin", Assembly = library, Hidden = 16, ImageSize = 8, Channels = 1, Classes = 4, Settings = new() { ["images"] = "true" } },
            Data = new DataSpec { Kind = "synthetic", SyntheticSamples = 64 },
            Training = new TrainingSpec { GlobalBatch = 16, MicroBatches = 4, LearningRate = 0.01, WarmupSteps = 1 },
        };
        double[] whole = Losses(job, new LayerRange(0, 2)), cut = Losses(job, new LayerRange(0, 1), new LayerRange(1, 1));
        Assert.Equal(whole, cut);
        Assert.True(whole[^1] < whole[0], $"The loss went from {whole[0]} to {whole[^1]}.");
    }

    private static double[] Losses(JobSpec job, params LayerRange[] stages)
    {
        var model = ModelFactory.Create(job.Model);
        using var batches = GpuWorker.Data.BatchSources.Open(job);
        using var trainer = new LocalTrainer(model, job.Training, batches, stages: stages);
        return [.. Enumerable.Range(0, 30).Select(_ => trainer.Step().Loss)];
    }

    private static bool IsComplete(FencedBlock block) => block.Info.Split(' ').Contains("compile");

    private static FencedBlock At(string file, int line) => MarkdownFiles.All[file].Blocks.Single(b => b.Line == line);

    private static CSharpCompilation Compile(FencedBlock block)
    {
        var tree = CSharpSyntaxTree.ParseText(block.Text, Language);
        bool program = tree.GetCompilationUnitRoot().Members.Any(SyntaxKind.GlobalStatement);
        return CSharpCompilation.Create(
            $"block-{Guid.NewGuid():N}", [tree, CSharpSyntaxTree.ParseText(Implicit, Language)], References.Value,
            new CSharpCompilationOptions(program ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
    }

    private static string[] Errors(CSharpCompilation compilation) => [.. compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.ToString())];
}
