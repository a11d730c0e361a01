DROP TABLE saved_list_letter;
DROP TABLE saved_list;
