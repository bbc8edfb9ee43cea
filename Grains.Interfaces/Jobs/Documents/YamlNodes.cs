using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Parcae.Grains.Documents;

/// <summary>Nodes from YAML and back.</summary>
internal static class YamlNodes
{
    /// <summary>The document; null where it has a problem or is empty.</summary>
    public static DocumentNode? Read(string text, List<DocumentProblem> problems)
    {
        var parser = new Parser(new StringReader(text));
        try
        {
            _ = parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _)) return null;
            var node = Value(parser, "", 0, problems);
            _ = parser.Consume<DocumentEnd>();
            if (parser.TryConsume<DocumentStart>(out var second)) problems.Add(new DocumentProblem("", "a second document begins here; there must be one.", Line(second.Start)));
            return node;
        }
        catch (YamlException e)
        {
            // Some of its messages begin with the position, which goes before them here.
            string what = e.Message.StartsWith('(') ? e.Message[(e.Message.IndexOf("): ", StringComparison.Ordinal) + 3)..] : e.Message;
            problems.Add(new DocumentProblem("", $"this is not valid YAML: {what.TrimEnd('.')}.", Line(e.Start)));
            return null;
        }
        catch (InvalidOperationException)
        {
            // The scanner throws this at some plain scalars that it cannot take apart, and does not say where.
            problems.Add(new DocumentProblem("", "this is not valid YAML: a text without quotes cannot be read near here; put it in quotes.", parser.Current is { } last ? Line(last.End) : 1));
            return null;
        }
    }

    /// <summary>A value as it may stand after <c>--set path=</c>.</summary>
    public static DocumentNode Value(string text, string path, List<DocumentProblem> problems)
    {
        int before = problems.Count;
        var node = Read(text, problems);
        for (int i = before; i < problems.Count; i++) problems[i] = new DocumentProblem(path, problems[i].Message);
        return WithoutLines(node ?? new ScalarNode(ScalarKind.Null, "", null));
    }

    /// <summary>The nodes as YAML.</summary>
    public static string Write(DocumentNode node)
    {
        if (node is MapNode { Entries.Count: 0 }) return "{}\n";
        using var text = new StringWriter { NewLine = "\n" };
        var emitter = new Emitter(text, EmitterSettings.Default.WithMaxSimpleKeyLength(1024).WithIndentedSequences());
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        Write(emitter, node);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private static DocumentNode Value(Parser parser, string path, int depth, List<DocumentProblem> problems)
    {
        var next = parser.Consume<ParsingEvent>();
        int line = Line(next.Start);
        if (depth > DocumentNode.MaxDepth) throw new YamlException(next.Start, next.End, $"it is nested more than {DocumentNode.MaxDepth} levels deep");
        if (next is NodeEvent { Anchor.IsEmpty: false } or NodeEvent { Tag: { IsEmpty: false, IsNonSpecific: false } })
            throw new YamlException(next.Start, next.End, "anchors and tags are not known here; write the value itself");
        switch (next)
        {
            case MappingStart:
                var map = new MapNode(line);
                while (!parser.TryConsume<MappingEnd>(out _))
                {
                    if (!parser.TryConsume<Scalar>(out var key)) throw new YamlException(parser.Current!.Start, parser.Current.End, "the name of a field must be a text");
                    map.Add(key.Value, Line(key.Start), Value(parser, MapNode.PathOf(path, key.Value), depth + 1, problems), path, problems);
                }

                return map;
            case SequenceStart:
                var list = new ListNode(line);
                while (!parser.TryConsume<SequenceEnd>(out _)) list.Items.Add(Value(parser, $"{path}[{list.Items.Count}]", depth + 1, problems));
                return list;
            case Scalar scalar:
                return scalar.Style == ScalarStyle.Plain ? YamlScalars.Plain(scalar.Value, line) : new ScalarNode(ScalarKind.Text, scalar.Value, line);
            default:
                throw new YamlException(next.Start, next.End, "references to other values are not known here; write the value itself");
        }
    }

    private static void Write(Emitter emitter, DocumentNode node)
    {
        switch (node)
        {
            case MapNode map:
                emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, isImplicit: true, map.Entries.Count == 0 ? MappingStyle.Flow : MappingStyle.Block));
                foreach (var (key, _, value) in map.Entries)
                {
                    emitter.Emit(Text(key));
                    Write(emitter, value);
                }

                emitter.Emit(new MappingEnd());
                break;
            case ListNode list:
                emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, isImplicit: true, SequenceStyle.Flow));
                foreach (var item in list.Items) Write(emitter, item);
                emitter.Emit(new SequenceEnd());
                break;
            case ScalarNode { Kind: ScalarKind.Text } text:
                emitter.Emit(Text(text.Value));
                break;
            case ScalarNode scalar:
                emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, scalar.Kind == ScalarKind.Null ? "null" : scalar.Value, ScalarStyle.Plain, isPlainImplicit: true, isQuotedImplicit: false));
                break;
            default:
                throw new InvalidOperationException($"There is no YAML for a {node.GetType().Name}.");
        }
    }

    /// <summary>In quotes where it would be read as something else, or could not stand without.</summary>
    private static Scalar Text(string text)
    {
        bool plain = YamlScalars.Plain(text, null).Kind == ScalarKind.Text;
        var style = text.Any(char.IsControl) ? ScalarStyle.DoubleQuoted : plain ? ScalarStyle.Any : ScalarStyle.SingleQuoted;
        return new Scalar(AnchorName.Empty, TagName.Empty, text, style, plain, isQuotedImplicit: true);
    }

    private static DocumentNode WithoutLines(DocumentNode node)
    {
        switch (node)
        {
            case MapNode map:
                var fields = new MapNode(null);
                foreach (var (key, _, value) in map.Entries) fields.Set(key, WithoutLines(value));
                return fields;
            case ListNode list:
                var items = new ListNode(null);
                items.Items.AddRange(list.Items.Select(WithoutLines));
                return items;
            default:
                var scalar = (ScalarNode)node;
                return new ScalarNode(scalar.Kind, scalar.Value, null);
        }
    }

    private static int Line(Mark mark) => (int)mark.Line;
}
